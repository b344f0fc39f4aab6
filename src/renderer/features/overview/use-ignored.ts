import { useState } from 'react'
import { z } from 'zod'

const storageName = 'memo.overview.ignored'
const ignoredSchema = z.array(z.string().max(64)).max(32)

function read(): readonly string[] {
  try {
    return ignoredSchema.parse(JSON.parse(localStorage.getItem(storageName) ?? '[]'))
  } catch {
    return []
  }
}

/** Cards that a person of this browser has decided about. Where nothing may be stored, they come back with the next visit. */
export function useIgnored(): { readonly ignored: readonly string[]; readonly ignore: (id: string) => void } {
  const [ignored, setIgnored] = useState(read)
  const ignore = (id: string): void => {
    const next = [...new Set([...ignored, id])]
    setIgnored(next)
    try {
      localStorage.setItem(storageName, JSON.stringify(next))
    } catch {
      // Then it is hidden until the page is loaded again.
    }
  }
  return { ignored, ignore }
}
