/** Loaded before memo: removed and replaced values are collected after seconds instead of an hour. */
import { defaultLimits } from '../../../src/node/core/base/limits.ts'

Object.assign(defaultLimits, { collectGraceMs: 2000, collectIntervalMs: 250 })
