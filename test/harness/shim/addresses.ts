/** Chromium cannot go to `app://`: pages live at an address that it takes for as safe, and the app sees its own. */
const carrier = 'http://memo.localhost'
const own = 'app://memo'

export function toCarrier(address: string): string {
  return address === own || address.startsWith(`${own}/`) ? carrier + address.slice(own.length) : address
}

export function fromCarrier(address: string): string {
  return address === carrier || address.startsWith(`${carrier}/`) ? own + address.slice(carrier.length) : address
}
