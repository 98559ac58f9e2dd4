// The edges that have an endpoint: whether they answer, take our token, and are ours.
//
// Comes in: a checked configuration. Goes out: a section an edge. On failure: a finding. Nothing is
// changed at an edge: the call that needs the push token names no term, and is refused for that.

import type { LoadedConfig } from '../../config.ts';
import { type EdgeDoor, type EdgeReply, openEdgeDoor } from '../../edges/edge-door.ts';
import { openEdges } from '../../named.ts';
import { clockFindings } from './clock.ts';
import type { Finding, Section } from './findings.ts';

interface Door extends EdgeDoor {
  readonly name: string;
  readonly control: string;
}

export async function edgeSections(loaded: LoadedConfig): Promise<Section[]> {
  const doors = openEdges(loaded, (settings): Door => {
    const { name, control } = settings;
    return { ...openEdgeDoor(settings), name, control };
  });
  const { environment } = loaded.config;
  return await Promise.all(
    doors.map(async (door) => {
      const findings = await edgeFindings(door, environment);
      await door.close();
      return { place: `edge ${door.name}`, findings };
    }),
  );
}

async function edgeFindings(door: Door, environment: string): Promise<Finding[]> {
  const before = Date.now();
  try {
    const state = await door.ask('/v1/state');
    const asked = { date: state.date, before, after: Date.now() };
    const pushed = await door.ask('/v1/gather', {});
    const token = tokenFinding(pushed);
    return [
      ...clockFindings(asked),
      ...(token ? [token] : []),
      ...(state.status === 200 ? stateFindings(state.json, door, environment) : []),
    ];
  } catch (error) {
    return [unreachable(door, (error as Error).message)];
  }
}

function unreachable({ control }: Door, why: string): Finding {
  return {
    level: 'error',
    code: 'edge-unreachable',
    text: `its endpoint ${control} does not answer as one: ${why}`,
    fix: 'correct `control`, start the edge, or open the way there; without `control` it only polls',
  };
}

/** Its own words are whole sentences. */
function tokenFinding({ status, json }: EdgeReply): Finding | undefined {
  if (status !== 401 && status !== 403) return undefined;
  return {
    level: 'error',
    code: 'edge-token',
    text: `it refuses our token (${String(json['code'])}): ${String(json['detail'])}`,
    fix: 'put `tokens.push` of its edge.json into the file that `edges[].token.file` names',
  };
}

function stateFindings(
  state: EdgeReply['json'],
  { name, control }: Door,
  environment: string,
): Finding[] {
  const findings: Finding[] = [];
  if (state['name'] !== name) {
    findings.push({
      level: 'error',
      code: 'edge-name',
      text: `${control} says that it is the edge ${String(state['name'])}`,
      fix: 'give it one name, in `edges[].name` and in its edge.json',
    });
  }
  if (state['environment'] !== environment) {
    findings.push({
      level: 'error',
      code: 'edge-environment',
      text: `it is of the environment ${String(state['environment'])}, not ${environment}`,
      fix: 'correct `environment` in its edge.json, or take it out of `edges`',
    });
  }
  const source = (state['redis'] ?? state['api'] ?? {}) as { ok?: boolean; error?: string };
  if (source.ok === false) {
    findings.push({
      level: 'error',
      code: 'edge-redis',
      text: `it cannot read from ${state['redis'] ? 'Redis' : 'the controller'}: ${source.error ?? 'no word why'}`,
      fix: `correct \`${state['redis'] ? 'redis' : 'api'}\` in its edge.json, or open the way there`,
    });
  }
  return findings;
}
