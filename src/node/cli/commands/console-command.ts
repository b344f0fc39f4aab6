import { Command } from 'commander'
import { z } from 'zod'
import { CodedError, errorCodes } from '../../../shared/coded-error.ts'
import { locateDataDirectory } from '../../config/load-node-config.ts'
import type { CliIo } from '../cli-io.ts'
import { createOutput } from '../cli-output.ts'
import { askConsole } from '../client/console-client.ts'
import { readConsoleAccess } from '../run/console-access.ts'
import { consoleLink } from '../run/console-link.ts'
import { examples } from './kv-commands.ts'
import type { RunFlags } from './setting-options.ts'
import { configInput, withSettingOptions } from './setting-options.ts'

const tokenSchema = z.object({ token: z.string(), expiresInMs: z.number() })
const refusalSchema = z.object({ error: z.object({ code: z.enum(errorCodes), message: z.string() }) })

/** `memo console`: a link that signs a browser in to the running node. */
export function consoleCommand(io: CliIo): Command {
  return withSettingOptions(new Command('console'), io, ['data'])
    .description('print a link that opens the web console of the running node')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The link signs in one browser, once, within five minutes. Only the owner of the data directory can make one. To open the
console of a node on another computer, run this there, and reach its port by a tunnel (ssh -L 7071:127.0.0.1:7071 HOST).
${examples('memo console', 'memo console --data ./data --json')}`,
    )
    .action(async (flags: RunFlags & { readonly json?: boolean }) => {
      await printLink(locateDataDirectory(configInput(flags, io)), flags.json === true, io)
    })
}

async function printLink(data: string, json: boolean, io: CliIo): Promise<void> {
  const access = await readConsoleAccess(data)
  if (access === undefined) throw new CodedError('not-running', `no node with a console runs on ${data}: memo run --data ${data}`)
  const { status, value } = await askConsole(access, '/session/link', {
    method: 'POST',
    headers: { Authorization: `Bearer ${access.secret}`, Origin: new URL(access.url).origin },
  })
  if (status !== 200) throw refusalOf(status, value)
  const { token, expiresInMs } = tokenSchema.parse(value)
  const url = consoleLink(access.browserUrl, token)
  await createOutput(io, json).result(url, { url, expiresAt: new Date(Date.now() + expiresInMs).toISOString() })
}

function refusalOf(status: number, value: unknown): CodedError {
  const refusal = refusalSchema.safeParse(value)
  if (!refusal.success) return new CodedError('not-running', `the node answered ${status}: is it another program at its port?`)
  const { code, message } = refusal.data.error
  return new CodedError(code, `the node refused: ${message}`)
}
