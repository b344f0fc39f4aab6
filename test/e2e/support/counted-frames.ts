import type { Page } from 'playwright'
import { heartbeatText } from '../../../src/ipc/wire/heartbeat.ts'

export interface Frame {
  readonly sent: boolean
  readonly text: string
}

/** Messages of the WebSockets that a page opens from now on; that the node is alive is no news of anything. */
export function countFrames(page: Page): Frame[] {
  const frames: Frame[] = []
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => frames.push({ sent: true, text: String(payload) }))
    socket.on('framereceived', ({ payload }) => {
      if (payload !== heartbeatText) frames.push({ sent: false, text: String(payload) })
    })
  })
  return frames
}
