import { z } from 'zod'
import { create } from 'zustand'
import { persist } from 'zustand/middleware'

export const themes = ['system', 'light', 'dark'] as const
export const densities = ['compact', 'comfortable'] as const

const preferencesSchema = z.object({
  theme: z.enum(themes).catch('system'),
  density: z.enum(densities).catch('compact'),
  /** Shortcuts of one key without Ctrl. */
  singleKeys: z.boolean().catch(true),
  navNarrow: z.boolean().catch(false),
})
export type Preferences = z.infer<typeof preferencesSchema>

interface PreferencesStore extends Preferences {
  readonly change: (next: Partial<Preferences>) => void
}

/** How this person likes the screens, on this machine. Damaged values fall back one by one. */
export const usePreferences = create<PreferencesStore>()(
  persist(
    (set) => ({
      ...preferencesSchema.parse({}),
      change: (next) => set(next),
    }),
    {
      name: 'memo.preferences',
      merge: (kept, present) => ({ ...present, ...preferencesSchema.parse(kept ?? {}) }),
      partialize: ({ theme, density, singleKeys, navNarrow }) => ({ theme, density, singleKeys, navNarrow }),
    },
  ),
)

function apply({ theme, density }: Preferences): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset.theme
  else dataset.theme = theme
  dataset.density = density
}

/** Puts theme and density on the document, now and at every change. */
export function applyPreferences(): () => void {
  apply(usePreferences.getState())
  return usePreferences.subscribe(apply)
}
