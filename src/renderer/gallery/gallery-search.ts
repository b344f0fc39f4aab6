import { z } from 'zod'

/** Which section or screen is shown; none: the list of them. */
export const gallerySearchSchema = z.object({ show: z.string().max(64).optional().catch(undefined) })
