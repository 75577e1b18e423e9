// Any origin may ask: the key and the token decide what it gets, and there are no cookies.

const METHODS = 'GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT'
const EXPOSED =
  'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, ' +
  'Transfer-Encoding, Range-Unit, X-Sb-Error-Code, X-Supabase-Api-Version'

// `headers` is a flat list of names and values.
export function allowEveryOrigin(headers) {
  headers.push('Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', EXPOSED)
  return headers
}

export function answerPreflight(request, response) {
  response.writeHead(200, {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': METHODS,
    'Access-Control-Allow-Headers': request.headers['access-control-request-headers'] ?? '*',
    'Access-Control-Max-Age': '3600',
    'Content-Length': '0',
  })
  response.end()
}
