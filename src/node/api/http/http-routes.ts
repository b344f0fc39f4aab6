import type { HttpRoute } from '../../observe/node-observer.ts'
import type { HealthReport } from './health-report.ts'

export interface HttpAnswer {
  readonly route: HttpRoute
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** What the routes show. */
export interface HttpSources {
  readonly version: string
  metrics(): Promise<string>
  health(): HealthReport
}

const plain = 'text/plain; charset=utf-8'
const json = 'application/json; charset=utf-8'

/** The answer to GET of a path; the caller has checked method and Host. */
export async function answerOf(path: string, sources: HttpSources): Promise<HttpAnswer> {
  switch (path) {
    case '/':
      return { route: 'home', status: 200, contentType: 'text/html; charset=utf-8', body: homePage(sources.version) }
    case '/metrics':
      return {
        route: 'metrics',
        status: 200,
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        body: await sources.metrics(),
      }
    case '/health': {
      const report = sources.health()
      return {
        route: 'health',
        status: report.status === 'ok' ? 200 : 503,
        contentType: json,
        body: `${JSON.stringify(report)}\n`,
      }
    }
    case '/ready': {
      const ready = sources.health().state === 'running'
      return { route: 'ready', status: ready ? 200 : 503, contentType: plain, body: ready ? 'ready\n' : 'not ready\n' }
    }
    default:
      return { route: 'other', status: 404, contentType: plain, body: 'Not found. Served here: / /metrics /health /ready\n' }
  }
}

function homePage(version: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>memo</title></head>
<body>
<h1>memo ${version}</h1>
<p>This port of the node serves, to read only:</p>
<ul>
<li><a href="/health">/health</a>: state of node, store and disk as JSON; 200 when all is well, else 503</li>
<li><a href="/ready">/ready</a>: 200 while the node serves calls</li>
<li><a href="/metrics">/metrics</a>: everything that is measured, for Prometheus</li>
</ul>
<p>Keys and values are served by gRPC on another port; "memo --help" shows the command line. There is no web console in this version.</p>
</body>
</html>
`
}
