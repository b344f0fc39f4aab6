/**
 * The part of Electron that the app uses, for a machine without its runtime: real Chromium pages, real child processes, everything
 * else in memory. What the app asks for and this lacks throws.
 */

import './shim/remote-control.ts'

export { app } from './shim/app.ts'
export { BrowserWindow } from './shim/browser-window.ts'
export { ipcMain } from './shim/ipc-main.ts'
export { MessageChannelMain } from './shim/message-port-main.ts'
export { protocol, session } from './shim/session.ts'
export { crashReporter, dialog, Menu, powerMonitor, screen, shell } from './shim/system.ts'
export { utilityProcess } from './shim/utility-process.ts'
