import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Suites to run: limits, kv, raw, cluster, transport, scale, gui. */
  readonly suites: readonly string[]
  readonly secondsPerCell: number
  readonly rounds: number
  /** Undefined: those of the suite. */
  readonly sizes: readonly number[] | undefined
  readonly inFlight: readonly number[]
  readonly operations: readonly string[]
  readonly keys: number
  readonly output: string | undefined
}

const usage = `npm run bench -- [limits] [kv] [raw] [cluster] [transport] [scale] [gui] [options]
  --seconds N      seconds measured in each cell (10)
  --quick          0.8 seconds in each cell and 2 rounds: three minutes for the suite cluster
  --rounds N       interleaved rounds, medians are reported (3)
  --sizes LIST     value sizes in bytes (100,4096,65536,1048576; cluster: 100,4096,1048576)
  --in-flight LIST callers at a time (1,16,64)
  --operations L   put,get,batch,list, and loss of nodes in the suite cluster
  --keys N         keys of the suites scale and gui (1000000)
  --output FILE    where the JSON goes (bench-results/<time>.json)`

export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      sizes: { type: 'string' },
      'in-flight': { type: 'string', default: '1,16,64' },
      operations: { type: 'string', default: 'put,get,batch,list,loss' },
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
    suites: positionals.length > 0 ? positionals : ['limits', 'kv', 'raw', 'cluster', 'transport', 'scale', 'gui'],
    secondsPerCell: Number(values.seconds ?? (values.quick ? '0.8' : '10')),
    rounds: Number(values.rounds ?? (values.quick ? '2' : '3')),
    sizes: values.sizes === undefined ? undefined : numbers(values.sizes),
    inFlight: numbers(values['in-flight']),
    operations: values.operations.split(','),
    keys: Number(values.keys),
    output: values.output,
  }
}
