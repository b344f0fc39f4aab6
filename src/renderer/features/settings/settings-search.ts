import { z } from 'zod'

/** What the address of the page may say: the text that settings are looked up by. */
export const settingsSearchSchema = z.object({ find: z.string().max(64).optional().catch(undefined) })
