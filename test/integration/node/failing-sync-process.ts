/**
 * Loaded before memo: from the moment the file named by MEMOTEST_FAIL_SYNC exists, every fdatasync of Node takes a while and then
 * fails, as that of a dying disk. Each is noted in that file, with the moment it was asked for.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'
import { sharedClockUs } from './acknowledged-writes.ts'

const path = process.env.MEMOTEST_FAIL_SYNC ?? ''
const answerAfterMs = 200
const real = fs.fdatasync
const realSync = fs.fdatasyncSync
const failure = () => Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })

/** Whether the disk is dying by now; notes the sync that is about to fail. */
function fails(): boolean {
  if (!fs.existsSync(path)) return false
  fs.appendFileSync(path, `${sharedClockUs()}\n`)
  return true
}

fs.fdatasync = Object.assign(
  (fd: number, callback: fs.NoParamCallback) => {
    if (!fails()) return real(fd, callback)
    setTimeout(() => callback(failure()), answerAfterMs)
  },
  { __promisify__: real.__promisify__ },
)
fs.fdatasyncSync = (fd: number) => {
  if (fails()) throw failure()
  realSync(fd)
}
syncBuiltinESMExports()
