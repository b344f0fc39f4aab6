import { expect, test } from 'vitest'
import { PromMeter } from '../../../src/node/adapters/prom-meter/prom-meter.ts'
import { metricCatalogue } from '../../../src/node/observe/metric-catalogue.ts'
import { createNodeObserver } from '../../../src/node/observe/node-observer.ts'
import type { Logger } from '../../../src/node/ports/logger.ts'

function bed() {
  const lines: string[] = []
  const log = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
  const logger: Logger = { child: () => logger, debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
  const meter = new PromMeter({ processMetrics: false })
  return { lines, meter, observer: createNodeObserver({ logger, meter }) }
}

test('an event reaches log and metric', async () => {
  const { lines, meter, observer } = bed()
  observer.store.committed({ batches: 3, bytes: 1000, writeMs: 1, syncMs: 2 })
  observer.store.tailCut({ segment: 1, offset: 2, bytes: 30 })
  observer.grpcCallEnded({ method: 'memo.v1.KeyValue/Get', statusCode: 5, durationMs: 2 })
  observer.grpcCallEnded({ method: 'memo.v1.KeyValue/Get', statusCode: 99, durationMs: 2 })
  observer.valuesCollected({ values: 4 })
  observer.store.scrubbed({ bytes: 500, durationMs: 3, findings: 0 })
  observer.store.scrubFailed({ error: new Error('no descriptors') })
  observer.unreadConnectionEnded({ caller: '127.0.0.1:1', cause: 'room', unreadBytes: 2, stalledMs: 3 })
  const refused = { caller: '127.0.0.1:1', cause: 'certificate', reason: 'CERT_HAS_EXPIRED' } as const
  observer.tlsHandshakeFailed({ ...refused, isOneOfMany: false })
  observer.tlsHandshakeFailed({ ...refused, isOneOfMany: true })
  observer.httpFailed({ route: 'metrics', error: new Error('no registry') })
  const text = await meter.render()
  expect(text).toContain('memo_commit_duration_seconds_sum 0.003')
  expect(text).toContain('memo_fsync_duration_seconds_sum 0.002')
  expect(text).toContain('memo_commit_batches_sum 3')
  expect(text).toContain('memo_journal_tail_cut_bytes_total 30')
  expect(text).toContain('memo_grpc_call_duration_seconds_count{method="memo.v1.KeyValue/Get",status="NOT_FOUND"} 1')
  expect(text).toContain('memo_grpc_call_duration_seconds_count{method="memo.v1.KeyValue/Get",status="UNKNOWN"} 1')
  expect(text).toContain('memo_values_collected_total 4')
  expect(text).toContain('memo_scrub_rounds_total 1')
  expect(text).toContain('memo_scrub_bytes_total 500')
  expect(lines.some((line) => line.startsWith('warn reading everything again was given up'))).toBe(true)
  expect(text).toContain('memo_grpc_unread_connections_ended_total{cause="room"} 1')
  expect(text).toContain('memo_http_failures_total{route="metrics"} 1')
  expect(text).toContain('memo_grpc_tls_handshakes_failed_total{cause="certificate"} 2')
  expect(lines.filter((line) => line === 'warn a TLS handshake of the gRPC port failed')).toHaveLength(1)
  expect(lines).toContain('error a request of the HTTP port failed unexpectedly')
  expect(lines).toContain('warn a connection that leaves its answers unread was ended')
  expect(lines.some((line) => line.startsWith('warn the torn end'))).toBe(true)
})

test('damage is counted every time and logged once a finding, up to a bound', async () => {
  const { lines, meter, observer } = bed()
  for (let index = 0; index < 300; index++) observer.store.damageFound({ finding: `finding ${index % 150}` })
  for (let index = 0; index < 5; index++) observer.damageRead({ code: 'data-corrupt' })
  expect(await meter.render()).toContain('memo_damage_found_total 305')
  expect(lines.filter((line) => line.startsWith('warn damaged records were read'))).toHaveLength(1)
  expect(lines.filter((line) => line === 'error damage found')).toHaveLength(100)
})

test('every metric has a name of memo with its unit last', () => {
  for (const { name, help } of Object.values(metricCatalogue)) {
    expect(name).toMatch(/^memo_[a-z_]+$/)
    expect(help.endsWith('.')).toBe(true)
  }
})
