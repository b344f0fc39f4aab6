/** Where the app under test keeps its files: each test brings a folder of its own. */
export function harnessFolder(): string {
  const folder = process.env.MEMO_HARNESS_FOLDER
  if (folder === undefined) throw new Error('MEMO_HARNESS_FOLDER names the folder of the app under test')
  return folder
}
