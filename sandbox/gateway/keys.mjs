// API keys, as https://supabase.com/docs/guides/api/api-keys has them.

const NO_KEY = {
  message: 'No API key found in request',
  hint: 'No `apikey` request header or url param was found.',
}
const WRONG_KEY = {
  message: 'Invalid API key',
  hint: 'Double check your Supabase `anon` or `service_role` API key.',
}
const SECRET_IN_BROWSER = {
  message: 'Forbidden use of secret API key in browser',
  hint: 'Secret API keys can only be used in a protected environment and should never be used in a browser.',
}

// `{authorization}` for the upstream (undefined: leave the request's own), or `{refusal}`.
//
// A user's token is passed through. Without one, or with the key itself in its place, the key
// speaks: an sb_ key is translated to the token of its role, a legacy key is that token.
export function authorize({ headers, url }, env) {
  const key = headers.apikey ?? keyInUrl(url)
  if (!key) return { refusal: NO_KEY }
  const roleToken = tokenOf(key, env)
  if (!roleToken) return { refusal: WRONG_KEY }
  if (key === env.SUPABASE_SECRET_KEY && isBrowser(headers['user-agent'])) return { refusal: SECRET_IN_BROWSER }
  const bearer = headers.authorization
  return bearer && bearer !== `Bearer ${key}` ? {} : { authorization: `Bearer ${roleToken}` }
}

function tokenOf(key, env) {
  switch (key) {
    case env.SUPABASE_PUBLISHABLE_KEY:
    case env.SUPABASE_ANON_KEY:
      return env.SUPABASE_ANON_KEY
    case env.SUPABASE_SECRET_KEY:
    case env.SUPABASE_SERVICE_KEY:
      return env.SUPABASE_SERVICE_KEY
  }
}

function keyInUrl(url) {
  return url.includes('apikey=') ? new URL(url, 'http://gateway').searchParams.get('apikey') : null
}

function isBrowser(userAgent = '') {
  return userAgent.startsWith('Mozilla/')
}
