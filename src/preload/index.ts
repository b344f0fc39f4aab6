/** All that a page can reach beyond itself: one function, after which two kinds of ports arrive as messages of its own window. */

import { contextBridge, ipcRenderer } from 'electron'
import { connectChannel, portChannel } from '../ipc/supervision/channels.ts'
import type { PortOffer } from '../ipc/supervision/node-messages.ts'

let asked = false

ipcRenderer.on(portChannel, (event, offer: PortOffer) => {
  window.postMessage({ kind: offer.kind, epoch: offer.epoch }, location.origin, [...event.ports])
})

contextBridge.exposeInMainWorld(
  'memo',
  Object.freeze({
    connect: (): void => {
      if (asked) return
      asked = true
      ipcRenderer.send(connectChannel)
    },
  }),
)
