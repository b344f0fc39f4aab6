import { certificateNames } from './adapters/tls-certificate/certificate-names.ts'
import { makeCertificate } from './adapters/tls-certificate/make-certificate.ts'
import { healthReport } from './api/http/health-report.ts'
import type { HttpAddress, HttpFace, HttpServerOptions } from './api/http/http-server.ts'
import { createHttpServer } from './api/http/http-server.ts'
import { removeConsoleAccess, writeConsoleAccess } from './cli/run/console-access.ts'
import { consoleTlsFiles, rendererFolder } from './cli/run/console-options.ts'
import type { ResourceList } from './cli/run/resource-list.ts'
import type { ServedNode } from './compose-served-node.ts'
import type { NodeConfig } from './config/node-config-schema.ts'
import { toHex } from './core/base/bytes.ts'
import { defaultLimits } from './core/base/limits.ts'
import { createConsoleObserver } from './observe/console-observer.ts'
import type { NodeObserver } from './observe/node-observer.ts'
import type { Logger } from './ports/logger.ts'
import type { Meter } from './ports/meter.ts'

const linkSecretBytes = 32

export interface ConsoleParts {
  readonly config: NodeConfig
  readonly observer: NodeObserver
  readonly logger: Logger
  readonly meter: Meter
  readonly resources: ResourceList
}

/** Serves the web console and the pages for programs beside it, and leaves what `memo console` needs in the data directory. */
export async function startConsole(
  { config, observer, logger, meter, resources }: ConsoleParts,
  { node, keysKept, adapters }: ServedNode,
  { version, serve }: { readonly version: string; readonly serve: HttpServerOptions['serve'] },
): Promise<Pick<HttpFace, 'makeToken'> & Omit<HttpAddress, 'certificate'>> {
  const secret = toHex(adapters.random.bytes(linkSecretBytes))
  const http = createHttpServer(
    {
      ...config.console,
      tls: consoleTlsFiles(config),
      insecure: config.insecure,
      limits: defaultLimits,
      rendererFolder: rendererFolder(),
      nodeId: toHex(node.status().identity.nodeId),
      linkSecret: secret,
      sources: {
        version,
        metrics: () => meter.render(),
        health: () =>
          healthReport({
            ...{ version, pid: process.pid, status: node.status(), cluster: node.cluster.status(), keysKept },
            damage: observer.store.damage(),
          }),
      },
      serve,
    },
    { ...adapters, observer, consoleObserver: createConsoleObserver({ logger, meter }), makeCertificate, certificateNames },
  )
  resources.add(() => http.stop())
  const { certificate, ...address } = await http.start()
  const { url, browserUrl } = address
  resources.add(() => removeConsoleAccess(config.data, process.pid))
  await writeConsoleAccess(config.data, { pid: process.pid, url, browserUrl, secret, certificate })
  return { ...address, makeToken: http.makeToken }
}
