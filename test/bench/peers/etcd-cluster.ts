import { join } from 'node:path'
import { freePort } from './child-server.ts'
import type { ClusterPeer } from './cluster-peer.ts'
import { etcdProto, startEtcd } from './etcd-peer.ts'
import type { Peer } from './peer.ts'
import { unaryClient } from './unary-client.ts'

/** Three members of etcd, with the one that was elected in front. */
export async function startEtcdCluster(directory: string): Promise<ClusterPeer> {
  const places: { readonly name: string; readonly peerUrl: string }[] = []
  for (const name of ['a', 'b', 'c']) places.push({ name, peerUrl: `http://127.0.0.1:${await freePort()}` })
  const initialCluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')
  const peers = await Promise.all(places.map((place) => startEtcd(join(directory, place.name), { ...place, initialCluster })))
  const stop = async (): Promise<void> => {
    await Promise.all(peers.map((peer) => peer.stop()))
  }
  const leading: boolean[] = []
  for (const peer of peers) leading.push(await leads(peer))
  const members = [...peers.filter((_, index) => leading[index]), ...peers.filter((_, index) => !leading[index])]
  return { name: 'etcd', members: members as [Peer, Peer, Peer], stop }
}

async function leads({ port }: Peer): Promise<boolean> {
  const client = unaryClient(etcdProto, [], 'etcdserverpb.Maintenance', port)
  const { header, leader } = await client.call<{ readonly header: { readonly member_id: number }; readonly leader: number }>(
    'Status',
    {},
  )
  client.close()
  return header.member_id === leader
}
