import { EventEmitter } from 'node:events'
import { strictObject } from './strict-object.ts'

const emitter = new EventEmitter()

export const ipcMain = strictObject('ipcMain', { on: emitter.on.bind(emitter) })

/** A message of a preload, with who sent it. */
export function deliverToMain(
  channel: string,
  event: { readonly sender: unknown; readonly senderFrame: unknown },
  args: readonly unknown[],
): void {
  emitter.emit(channel, event, ...args)
}
