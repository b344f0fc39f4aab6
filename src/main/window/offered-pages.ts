import type { IpcMainEvent, MessagePortMain } from 'electron'
import { portChannel } from '../../ipc/supervision/channels.ts'
import type { AppLog } from '../app-log.ts'
import type { OfferedPage, PortBroker } from '../port-broker.ts'
import { isOwnMainFrame } from './window-guards.ts'

/** The page that each window shows at present, as the broker knows it. */
export class OfferedPages {
  readonly #broker: PortBroker<MessagePortMain>
  readonly #log: Pick<AppLog, 'denied'>
  readonly #pages = new Map<number, OfferedPage<MessagePortMain>>()

  constructor(broker: PortBroker<MessagePortMain>, log: Pick<AppLog, 'denied'>) {
    this.#broker = broker
    this.#log = log
  }

  /** A preload asks for the ports of its page. Only the main frame of an own page is answered, and only once. */
  readonly asked = ({ senderFrame: frame, sender }: IpcMainEvent): void => {
    if (frame === null || !isOwnMainFrame(frame)) {
      this.#log.denied({ what: 'connect' })
      return
    }
    if (this.#pages.has(sender.id)) return
    const page: OfferedPage<MessagePortMain> = {
      offer(offer, port) {
        if (frame.isDestroyed() || frame.detached) return false
        frame.postMessage(portChannel, offer, [port])
        return true
      },
    }
    this.#pages.set(sender.id, page)
    this.#broker.connect(page)
  }

  /** What a window showed is no longer there. */
  readonly left = (contentsId: number): void => {
    const page = this.#pages.get(contentsId)
    if (page !== undefined) this.#broker.forget(page)
    this.#pages.delete(contentsId)
  }
}
