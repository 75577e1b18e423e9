select public.get_credits();
