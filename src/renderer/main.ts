import { z } from 'zod'

// The content security policy forbids to make code of texts. zod would try and be reported for it, so it is told before any schema is
// made: everything that makes some comes with the next module.
z.config({ jitless: true })

await import('./start.tsx')
