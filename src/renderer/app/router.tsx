import type { RouterHistory } from '@tanstack/react-router'
import { createHashHistory, createRootRoute, createRoute, createRouter, Navigate, redirect } from '@tanstack/react-router'
import { activitySearchSchema } from '../features/activity/activity-search.ts'
import { keysSearchSchema } from '../features/keys/keys-search.ts'
import { settingsSearchSchema } from '../features/settings/settings-search.ts'
import { gallerySearchSchema } from '../gallery/gallery-search.ts'
import { Shell } from '../shell/shell.tsx'
import { PageError } from './page-error.tsx'
import { galleryPage, pages } from './pages.ts'

const rootRoute = createRootRoute()

/** Pages live inside the shell, and only they need a session with the node. */
const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: 'shell', component: Shell })

const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/overview', replace: true })
  },
})

const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/overview',
  component: pages.overview,
})

const keysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/keys',
  validateSearch: keysSearchSchema,
  component: pages.keys,
})

const activityRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/activity',
  validateSearch: activitySearchSchema,
  component: pages.activity,
})

const connectRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/connect',
  component: pages.connect,
})

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  validateSearch: settingsSearchSchema,
  component: pages.settings,
})

const galleryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dev/gallery',
  validateSearch: gallerySearchSchema,
  component: galleryPage,
})

const routeTree = rootRoute.addChildren([
  shellRoute.addChildren([homeRoute, overviewRoute, keysRoute, activityRoute, connectRoute, settingsRoute]),
  galleryRoute,
])

export function createAppRouter(history: RouterHistory = createHashHistory()) {
  return createRouter({
    routeTree,
    history,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: UnknownPage,
    scrollRestoration: false,
  })
}

/** An address that names no page, such as one of an older version. */
function UnknownPage() {
  return <Navigate to="/overview" replace />
}

export type AppRouter = ReturnType<typeof createAppRouter>

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter
  }
}
