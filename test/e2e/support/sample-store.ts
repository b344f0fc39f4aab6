import { crc32, deflateSync } from 'node:zlib'
import type { Program } from './program.ts'

export const photo = 'photos/gradient.png'

/** Keys of every kind, as a store has them that is in use. */
export async function fillStore(program: Program): Promise<void> {
  await program.putAll([...orders(), ...notes()])
  await program.put('orders/2026/00017', JSON.stringify(order(17)), 'application/json')
  await program.put(
    'notes/release',
    'Release of Friday\n\n- the importer takes folders\n- merges of JSON\n\nNothing else.\n',
    'text/plain',
  )
  await program.put(photo, gradient(320, 200), 'image/png')
  await program.put(
    'backups/index.bin',
    Uint8Array.from({ length: 4096 }, (_, at) => (at * 37) % 256),
  )
  await program.put(
    'pages/index.html',
    '<!doctype html>\n<html>\n  <body onload="alert(1)">shown as text</body>\n</html>\n',
    'text/html',
  )
  await program.put('settings/broken.json', '{ "name": "cut off', 'application/json')
  await program.put('strange/right-to-left \u202etxt.exe', 'a name that is not what it seems')
  const chunk = Buffer.alloc(1024 * 1024, 'archive ')
  await program.putStream('backups/archive.tar', 24 * 1024 * 1024, (_offset, length) => chunk.subarray(0, length))
}

function order(number: number): object {
  return { number, customer: 'Ada Byron', city: 'Turin', total: 1290, paid: number % 2 === 0, items: [{ sku: 'A-17', count: 2 }] }
}

function* orders(): Generator<readonly [string, string]> {
  for (let number = 0; number < 1200; number += 1) {
    yield [`orders/2026/${String(number).padStart(5, '0')}`, JSON.stringify(order(number))]
  }
}

function* notes(): Generator<readonly [string, string]> {
  for (const name of ['ideas', 'meeting', 'todo']) yield [`notes/${name}`, `A note named ${name}.\n`]
}

/** A picture from nothing: a PNG of one gradient. */
function gradient(width: number, height: number): Uint8Array {
  const rows = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (1 + width * 3) + 1 + x * 3
      rows.set([(47 + x / 4) & 255, (91 + y / 2) & 255, 234], at)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, part('IHDR', header), part('IDAT', deflateSync(rows)), part('IEND', Buffer.alloc(0))])
}

function part(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(named), 4)
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)])
}
