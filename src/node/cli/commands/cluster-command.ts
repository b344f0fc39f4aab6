import { Command, Option } from 'commander'
import type { CliIo } from '../cli-io.ts'
import { withRemoteOptions } from '../client/remote-command.ts'
import { recoverCommand } from './cluster-recover.ts'
import { removalCommands } from './cluster-removal-commands.ts'
import { examples } from './kv-commands.ts'
import { networkSettings } from './network-settings.ts'
import { count, duration } from './option-values.ts'
import { withSettingOptions } from './setting-options.ts'

const remote = () => import('./cluster-actions.ts')

/** `memo cluster ...`: what concerns the network of a node. */
export function clusterCommand(io: CliIo): Command {
  const command = new Command('cluster')
    .description('the network of a node: found one, invite nodes to it, join one, look at it, take nodes out')
    .addCommand(createCommand(io))
    .addCommand(inviteCommand(io))
    .addCommand(joinCommand(io))
    .addCommand(statusCommand(io))
    .addCommand(nodesCommand(io))
    .addCommand(recoverCommand(io))
  for (const each of removalCommands(io)) command.addCommand(each)
  return command
}

function createCommand(io: CliIo): Command {
  return withSettingOptions(new Command('create'), io, networkSettings)
    .description('found a network in an empty data directory, with its first node')
    .argument('<NAME>', 'name of the network')
    .option('--replication <COPIES>', 'copies of every block where the network has nodes enough: 3', '3')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
A directory that has a network keeps it: give its name and only settings are changed. The node must be stopped.
Settings that are given as flags stay in memo.json in the data directory, for "memo run".
${examples('memo cluster create office --data ./data --listen 0.0.0.0:7072', 'memo run --data ./data')}`,
    )
    .action(async (name, flags) => (await import('./cluster-create.ts')).createCluster(name, flags, io))
}

function inviteCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('invite'), io)
    .description('print a link that lets other nodes join the network of a node')
    .option('--auto', 'whoever has the link joins, without anybody being asked')
    .option('--uses <N>', 'how many nodes may join by it', count, 1)
    .addOption(
      new Option('--valid <TIME>', 'how long it is good, such as 90m or 7d').argParser(duration).default(duration('24h'), '24h'),
    )
    .addHelpText(
      'after',
      `
The link is a secret until it is spent. The node must listen for others ("memo run --listen").
${examples('memo cluster invite --auto', 'memo cluster invite --auto --uses 2 --valid 1h --json')}`,
    )
    .action(async (flags) => (await remote()).inviteNodes(flags, io))
}

function joinCommand(io: CliIo): Command {
  return withSettingOptions(new Command('join'), io, networkSettings)
    .description('join the network that a link invites to, with an empty data directory')
    .argument('<LINK>', 'what "memo cluster invite" printed: memo://join/...')
    .option('--name <TEXT>', 'what people call this machine; its host name unless given')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The inviting node must be running. What it holds is fetched when this node runs.
Settings that are given as flags stay in memo.json in the data directory, for "memo run".
${examples('memo cluster join memo://join/... --data ./data --listen 0.0.0.0:7072', 'memo run --data ./data')}`,
    )
    .action(async (link, flags) => (await import('./cluster-join.ts')).joinCluster(link, flags, io))
}

function statusCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('status'), io)
    .description('show the network of a node: its nodes by state, its quorum, what is left to do')
    .addHelpText('after', examples('memo cluster status', 'memo cluster status --json'))
    .action(async (flags) => (await remote()).clusterStatus(flags, io))
}

function nodesCommand(io: CliIo): Command {
  return withRemoteOptions(new Command('nodes'), io)
    .description('list the nodes of the network as a node sees them')
    .addHelpText('after', examples('memo cluster nodes', 'memo cluster nodes --json'))
    .action(async (flags) => (await remote()).clusterNodes(flags, io))
}
