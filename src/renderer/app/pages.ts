import { lazyPage } from './lazy-page.tsx'

export const pages = {
  overview: lazyPage(async () => (await import('../features/overview/overview-page.tsx')).OverviewPage),
  keys: lazyPage(async () => (await import('../features/keys/keys-page.tsx')).KeysPage),
  activity: lazyPage(async () => (await import('../features/activity/activity-page.tsx')).ActivityPage),
  connect: lazyPage(async () => (await import('../features/connect/connect-page.tsx')).ConnectPage),
  settings: lazyPage(async () => (await import('../features/settings/settings-page.tsx')).SettingsPage),
}

export const galleryPage = lazyPage(async () => (await import('../gallery/gallery-page.tsx')).GalleryPage)

/** All that are fetched ahead of time; false where one did not come. */
export async function loadPages(): Promise<boolean> {
  let complete = true
  // One after the other: they wait for nobody, and the page that is shown goes first.
  for (const page of Object.values(pages)) complete = (await page.load()) && complete
  return complete
}
