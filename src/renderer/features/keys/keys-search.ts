import { z } from 'zod'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'

const text = z.string().max(wireLimits.keyBytesMax).optional().catch(undefined)

/** What the address of the page may say: the folder that is shown, and the key that is open. */
export const keysSearchSchema = z.object({ prefix: text, key: text })
