import type { Client } from '../../../ipc/contract/status-schemas.ts'

/** The busiest first, then the longest connected; with a text in their address or last call, without regard to case. */
export function filterClients(clients: readonly Client[], text: string): Client[] {
  const wanted = text.trim().toLowerCase()
  return clients
    .filter((client) => wanted === '' || `${client.peer} ${client.lastMethod ?? ''}`.toLowerCase().includes(wanted))
    .toSorted((a, b) => b.callsPerSecond - a.callsPerSecond || a.connectedMs - b.connectedMs)
}
