// auth-js.js beside this file is built from the package by `npm run build`; these are its types.
export * from "@supabase/auth-js";
