/** `npm run bench`: memo beside etcd (where it is installed) in one run, each with fresh data. Method: docs/BENCHMARKS.md. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchOptions } from './bench-options.ts'
import { parseBenchOptions } from './bench-options.ts'
import { runClusterSuite } from './cluster-suite.ts'
import { runGuiSuite } from './gui-suite.ts'
import { hasH2load } from './h2load.ts'
import { runKvSuite } from './kv-suite.ts'
import { runLimitsSuite } from './limits-suite.ts'
import { hasEtcd, startEtcd } from './peers/etcd-peer.ts'
import { startMemo } from './peers/memo-peer.ts'
import type { Peer } from './peers/peer.ts'
import { runRawSuite } from './raw-suite.ts'
import { Results } from './results.ts'
import { runScaleSuite } from './scale-suite.ts'
import { runTransportSuite } from './transport-suite.ts'

const options = parseBenchOptions(process.argv.slice(2))
const results = new Results()
const suites: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  limits: () => runLimitsSuite(options, results),
  kv: () => withPeers((peers) => runKvSuite(peers, options, results)),
  raw: async () => {
    if (hasH2load()) await withPeers((peers) => runRawSuite(peers, options, results))
    else console.error('raw: skipped, h2load is not installed (Debian: nghttp2-client)')
  },
  cluster: () => runClusterSuite(options, results),
  transport: () => runTransportSuite(options, results),
  gui: () => runGuiSuite(options, results),
  scale: () => withPeers((peers) => runScaleSuite(peers, options, results)),
}
const unknown = options.suites.filter((name) => !(name in suites))
if (unknown.length > 0) throw new Error(`no suite ${unknown.join(', ')}: choose from ${Object.keys(suites).join(', ')}`)
try {
  for (const name of options.suites) {
    console.error(`${name}:`)
    await suites[name]?.(options)
  }
} finally {
  // What was measured before a failure took its time as well.
  console.log(results.markdown())
  console.error(`written to ${results.write(options.output)}`)
}

async function withPeers(work: (peers: readonly Peer[]) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'memo-bench-'))
  const peers: Peer[] = []
  try {
    peers.push(await startMemo(join(directory, 'memo')))
    if (hasEtcd()) peers.push(await startEtcd(join(directory, 'etcd')))
    else console.error('etcd is not installed (Debian: etcd-server): memo is measured alone')
    await work(peers)
  } finally {
    for (const peer of peers) await peer.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
