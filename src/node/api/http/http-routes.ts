import type { IncomingMessage } from 'node:http'
import type { HttpRoute } from '../../observe/node-observer.ts'
import type { HealthReport } from './health-report.ts'
import type { HttpAnswer } from './http-answer.ts'
import { jsonAnswer, methodAnswer, textAnswer } from './http-answer.ts'
import { isOnThisComputer } from './request-names.ts'
import type { SessionRoutes } from './session-routes.ts'
import type { StaticFiles } from './static-files.ts'

/** What the routes show. */
export interface HttpSources {
  readonly version: string
  metrics(): Promise<string>
  health(): HealthReport
}

/** What answers requests; whether their `Host` is ours was checked before. */
export interface HttpRoutes {
  readonly sources: HttpSources
  readonly files: StaticFiles
  readonly sessions: SessionRoutes
  /** What is measured is told to other computers without a session too. */
  readonly insecure: boolean
}

const readMethods = ['GET', 'HEAD']
const socketPath = '/rpc'

export async function answerOf(request: IncomingMessage, nonce: string, routes: HttpRoutes): Promise<HttpAnswer> {
  const path = pathOf(request)
  if (path === undefined) return textAnswer('other', 400, 'The address is not one of this node.\n')
  const answer = await routes.sessions.answer(request, path)
  if (answer !== undefined) return answer
  if (!readMethods.includes(request.method ?? '')) return methodAnswer('other', readMethods)
  switch (path) {
    case '/':
    case '/index.html':
      return (await routes.files.page(nonce)) ?? notBuiltAnswer(routes.sources.version)
    case '/metrics':
    case '/health':
    case '/ready':
      return await statusAnswer(request, path, routes)
    case socketPath:
      return { ...textAnswer('rpc', 426, 'A WebSocket is served here.\n'), headers: { Upgrade: 'websocket' } }
    default:
      return (await routes.files.file(path)) ?? textAnswer('other', 404, 'Not found.\n')
  }
}

const routesOfPaths: ReadonlyMap<string | undefined, HttpRoute> = new Map([
  ['/', 'page'],
  ['/index.html', 'page'],
  ['/session', 'session'],
  ['/session/end', 'session'],
  ['/session/link', 'session'],
  ['/metrics', 'metrics'],
  ['/health', 'health'],
  ['/ready', 'ready'],
  [socketPath, 'rpc'],
])

/** What a request that could not be answered had asked for. */
export function routeOf(request: IncomingMessage): HttpRoute {
  return routesOfPaths.get(pathOf(request)) ?? 'other'
}

/** Without its query; undefined where the request names no path of ours, as proxies are asked. */
function pathOf({ url = '' }: IncomingMessage): string | undefined {
  return url.startsWith('/') ? url.split('?', 1)[0] : undefined
}

export function isSocketPath(request: IncomingMessage): boolean {
  return pathOf(request) === socketPath
}

async function statusAnswer(
  request: IncomingMessage,
  path: '/metrics' | '/health' | '/ready',
  { sources, sessions, insecure }: HttpRoutes,
): Promise<HttpAnswer> {
  if (path === '/ready') {
    const ready = sources.health().state === 'running'
    return textAnswer('ready', ready ? 200 : 503, ready ? 'ready\n' : 'not ready\n')
  }
  const route = path === '/health' ? 'health' : 'metrics'
  if (!insecure && !isOnThisComputer(request) && sessions.sessionOf(request) === undefined) {
    return textAnswer(route, 401, 'This is told to programs of the same computer, and to whoever has signed in.\n')
  }
  if (path === '/metrics') {
    const contentType = 'text/plain; version=0.0.4; charset=utf-8'
    return { route, status: 200, contentType, body: await sources.metrics() }
  }
  const report = sources.health()
  return jsonAnswer(route, report.status === 'ok' ? 200 : 503, report)
}

function notBuiltAnswer(version: string): HttpAnswer {
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>memo</title></head>
<body>
<h1>memo ${version}</h1>
<p>The node runs. Its screens are not built in this folder: run <code>npm run build</code> there, then load this page again.</p>
<ul>
<li><a href="/health">/health</a>: state of node, store and disk as JSON; 200 when all is well, else 503</li>
<li><a href="/ready">/ready</a>: 200 while the node serves calls</li>
<li><a href="/metrics">/metrics</a>: everything that is measured, for Prometheus</li>
</ul>
<p>Keys and values are served by gRPC on another port; "memo --help" shows the command line.</p>
</body>
</html>
`
  return { route: 'page', status: 503, contentType: 'text/html; charset=utf-8', body }
}
