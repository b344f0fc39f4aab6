import { z } from 'zod'

export const activitySearchSchema = z.object({ tab: z.enum(['logs', 'jobs']).optional().catch(undefined) })
