/** The main process of the desktop app. What has to be said before the app is ready is said here, everything else in DesktopApp. */

import { join } from 'node:path'
import { app, crashReporter, protocol } from 'electron'
import { DesktopApp } from './desktop-app.ts'
import { appScheme } from './security/app-protocol.ts'

app.enableSandbox()
protocol.registerSchemesAsPrivileged([appScheme])

if (app.requestSingleInstanceLock()) run()
else app.quit()

function run(): void {
  crashReporter.start({ uploadToServer: false })
  const out = join(import.meta.dirname, '..')
  let desktop: DesktopApp | undefined
  app.on('second-instance', () => desktop?.show())
  app.whenReady().then(
    () => {
      desktop = new DesktopApp({
        node: join(out, 'main/node.js'),
        preload: join(out, 'preload/index.cjs'),
        screens: join(out, 'renderer'),
      })
      desktop.start()
    },
    () => app.exit(1),
  )
}
