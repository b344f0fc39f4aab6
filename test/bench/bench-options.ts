import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Suites to run: limits, kv, raw, transport, scale, gui. */
  readonly suites: readonly string[]
  readonly secondsPerCell: number
  readonly rounds: number
  readonly sizes: readonly number[]
  readonly inFlight: readonly number[]
  readonly operations: readonly string[]
  readonly keys: number
  readonly output: string | undefined
}

const usage = `npm run bench -- [limits] [kv] [raw] [transport] [scale] [gui] [options]
  --seconds N      seconds measured in each cell (10)
  --rounds N       interleaved rounds, medians are reported (3)
  --sizes LIST     value sizes in bytes (100,4096,65536,1048576)
  --in-flight LIST callers at a time (1,16,64)
  --operations L   put,get,batch,list
  --keys N         keys of the suites scale and gui (1000000)
  --output FILE    where the JSON goes (bench-results/<time>.json)`

export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
      sizes: { type: 'string', default: '100,4096,65536,1048576' },
      'in-flight': { type: 'string', default: '1,16,64' },
      operations: { type: 'string', default: 'put,get,batch,list' },
      keys: { type: 'string', default: '1000000' },
      output: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const numbers = (list: string) => list.split(',').map(Number)
  return {
    suites: positionals.length > 0 ? positionals : ['limits', 'kv', 'raw', 'transport', 'scale', 'gui'],
    secondsPerCell: Number(values.seconds),
    rounds: Number(values.rounds),
    sizes: numbers(values.sizes),
    inFlight: numbers(values['in-flight']),
    operations: values.operations.split(','),
    keys: Number(values.keys),
    output: values.output,
  }
}
