"""A stand-in for Supabase Auth: answers as GoTrue does, keeps its data in schema auth."""
