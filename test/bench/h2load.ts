import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function hasH2load(): boolean {
  return spawnSync('h2load', ['--version']).status === 0
}

/** Requests per second of one HTTP/2 connection with m streams sending the same gRPC request: shows the server, not a client. */
export async function h2loadPerSecond(
  port: number,
  request: { readonly path: string; readonly message: Uint8Array },
  { streams, requests }: { readonly streams: number; readonly requests: number },
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'memo-h2load-'))
  try {
    const frame = Buffer.alloc(5 + request.message.length)
    frame.writeUInt32BE(request.message.length, 1)
    frame.set(request.message, 5)
    const body = join(directory, 'body')
    writeFileSync(body, frame)
    const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers']
    const child = spawn(
      'h2load',
      [
        '-n',
        String(requests),
        '-c',
        '1',
        '-m',
        String(streams),
        '-d',
        body,
        ...headers,
        `http://127.0.0.1:${port}${request.path}`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await once(child, 'close')
    const rate = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(output)
    const succeeded = /status codes: (\d+) 2xx/.exec(output)
    if (rate === null || Number(succeeded?.[1]) < requests) throw new Error(`h2load failed:\n${output}`)
    return Number(rate[1])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
