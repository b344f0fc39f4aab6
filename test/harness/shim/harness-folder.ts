/** Where the app under test keeps its files: each test brings a folder of its own. */
export function harnessFolder(): string {
  const folder = process.env.HARNESS_FOLDER
  if (folder === undefined) throw new Error('HARNESS_FOLDER names the folder of the app under test')
  return folder
}

/** In that folder, while a Chromium of the harness runs. */
export const chromiumPidFile = 'chromium.pid'
