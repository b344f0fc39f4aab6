import type { RouterHistory } from '@tanstack/react-router'
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  redirect,
} from '@tanstack/react-router'
import { activitySearchSchema } from '../features/activity/activity-search.ts'
import { keysSearchSchema } from '../features/keys/keys-search.ts'
import { settingsSearchSchema } from '../features/settings/settings-search.ts'
import { gallerySearchSchema } from '../gallery/gallery-search.ts'
import { Shell } from '../shell/shell.tsx'
import { PageError } from './page-error.tsx'

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
  component: lazyRouteComponent(() => import('../features/overview/overview-page.tsx'), 'OverviewPage'),
})

const keysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/keys',
  validateSearch: keysSearchSchema,
  component: lazyRouteComponent(() => import('../features/keys/keys-page.tsx'), 'KeysPage'),
})

const activityRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/activity',
  validateSearch: activitySearchSchema,
  component: lazyRouteComponent(() => import('../features/activity/activity-page.tsx'), 'ActivityPage'),
})

const connectRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/connect',
  component: lazyRouteComponent(() => import('../features/connect/connect-page.tsx'), 'ConnectPage'),
})

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  validateSearch: settingsSearchSchema,
  component: lazyRouteComponent(() => import('../features/settings/settings-page.tsx'), 'SettingsPage'),
})

const galleryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dev/gallery',
  validateSearch: gallerySearchSchema,
  component: lazyRouteComponent(() => import('../gallery/gallery-page.tsx'), 'GalleryPage'),
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
