import { useEffect, useState, useSyncExternalStore } from 'react'
import { useConnection, useNode } from '../../../connection/connection-provider.tsx'
import { TreeLoader } from './tree-loader.ts'

interface Kept {
  readonly name: string
  readonly tree: TreeLoader
}

/** The last tree of each connection: a person who looks at another page finds their folders open. */
const kept = new WeakMap<object, Kept>()

const nothing = () => () => undefined

/** The tree of a prefix, renewed when the node starts anew; undefined for the first moment. */
export function useTree(prefix: string, delimiter: string): TreeLoader | undefined {
  const connection = useConnection()
  const { client, hello } = useNode()
  const [tree, setTree] = useState<TreeLoader>()
  const name = JSON.stringify([hello.networkId, prefix, delimiter])
  useEffect(() => {
    const before = kept.get(connection)
    if (before?.name === name) {
      before.tree.renew(client.kv)
      setTree(before.tree)
      return
    }
    before?.tree.stop()
    const next = new TreeLoader(client.kv, { prefix, delimiter })
    kept.set(connection, { name, tree: next })
    setTree(next)
    next.start()
  }, [connection, client, name, prefix, delimiter])
  useSyncExternalStore(tree?.subscribe ?? nothing, tree?.version ?? zero)
  return tree
}

function zero(): number {
  return 0
}
