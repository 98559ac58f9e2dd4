// One table of everything that can go wrong and be shown to a person. README's table is held
// against it by a test. Codes are stable; sentences may improve.

export interface ErrorEntry {
  /** HTTP status where the API answers with it. */
  readonly status: number;
  readonly title: string;
  /** What a person does about it. */
  readonly act: string;
}

export const ERRORS = {
  'config-invalid': {
    status: 400,
    title: 'The configuration is wrong',
    act: 'Correct the named key in the named file and line.',
  },
  'config-unreadable': {
    status: 400,
    title: 'A configuration file cannot be read',
    act: 'Check the path and the rights of the named file.',
  },
  'request-invalid': {
    status: 400,
    title: 'The request is not valid',
    act: 'Correct the named field.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    act: 'Send less at once.',
  },
  'body-not-json': {
    status: 415,
    title: 'The body is of a type that is not taken',
    act: 'Send JSON, and say so: `content-type: application/json`.',
  },
  'app-unknown': {
    status: 404,
    title: 'No such app',
    act: 'List the apps at /api/v1/apps.',
  },
  'cluster-unknown': {
    status: 404,
    title: 'No such cluster',
    act: 'List the clusters at /api/v1/clusters.',
  },
  'edge-unknown': {
    status: 404,
    title: 'No such edge',
    act: 'List the edges at /api/v1/edges.',
  },
  'edge-configured': {
    status: 409,
    title: 'The edge is in the configuration',
    act: 'Take it out of `edges` there, at every controller, and restart them.',
  },
  'edge-alive': {
    status: 409,
    title: 'The edge still gives word',
    act: 'Stop it, and ask again once it has been silent for some seconds.',
  },
  'upstream-unknown': {
    status: 404,
    title: 'No upstream is published for this app',
    act: 'Ask /api/v1/apps/{app} why it has none.',
  },
  'page-missing': {
    status: 404,
    title: 'The page is not built',
    act: 'Run `npm start`, or `node deploy/setup.mjs`, which builds it.',
  },
  'not-found': {
    status: 404,
    title: 'No such resource',
    act: 'See the list of routes in README.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The resource does not take this method',
    act: 'Use a method that the Allow header names.',
  },
  'would-empty': {
    status: 409,
    title: 'The app would lose its last server',
    act: 'Bring a server back, or say allowEmpty in a hold.',
  },
  'too-few-clusters': {
    status: 409,
    title: 'Fewer clusters would serve the app than the guard’s minimum',
    act: 'Bring one back, say allowEmpty in a hold, or lower the minimum.',
  },
  'too-few-servers': {
    status: 409,
    title: 'Fewer servers would serve the app than the guard’s minimum',
    act: 'Bring one back, say allowEmpty in a hold, or lower the minimum.',
  },
  'owned-by-endpoint': {
    status: 409,
    title: 'An edge endpoint owns this app',
    act: 'Adopt the app, or take it out of the configuration.',
  },
  'hold-unknown': {
    status: 404,
    title: 'No such hold',
    act: 'List the holds at /api/v1/holds.',
  },
  'hold-exists': {
    status: 409,
    title: 'A hold with this id stands already',
    act: 'Leave the id out, or lift the other first.',
  },
  'hold-of-job': {
    status: 409,
    title: 'The hold is a job’s',
    act: 'Abort the job: it lifts its holds itself.',
  },
  'hold-of-debt': {
    status: 409,
    title: 'The hold is a debt’s',
    act: 'Settle the debt: `ballast migration debts` shows what a migration still has to delete there.',
  },
  'holds-full': {
    status: 409,
    title: 'There is no room for more holds',
    act: 'Lift holds that are not needed any more.',
  },
  'holds-unreadable': {
    status: 503,
    title: 'What is held cannot be read',
    act: 'Nothing is written until it can. Run the version that wrote it, or mend `_holds` in Redis.',
  },
  'version-unknown': {
    status: 404,
    title: 'The history does not have this version of the app',
    act: 'List what is kept at /api/v1/history?app=.',
  },
  'revert-gone': {
    status: 409,
    title: 'Servers of that version are gone',
    act: 'Bring the named cluster back, or pin the weights that you want.',
  },
  'revert-held': {
    status: 409,
    title: 'A stronger hold speaks of the app',
    act: 'Name it in lift, or lift it first.',
  },
  'edges-differ': {
    status: 409,
    title: 'The list is not that of the edges known here',
    act: 'Start or configure those that gave no word, retire those that are gone, and name all others.',
  },
  'confirm-missing': {
    status: 400,
    title: 'The deletion is not confirmed',
    act: 'Say ?confirm= with the name of what is to be deleted.',
  },
  'still-named': {
    status: 409,
    title: 'It is still named by the configuration or a cluster',
    act: 'Take it out there first; adopt an app that an edge endpoint owns.',
  },
  'still-serving': {
    status: 409,
    title: 'Servers of the cluster still take requests',
    act: 'Drain the cluster, and wait until every edge has acknowledged.',
  },
  'not-adoptable': {
    status: 409,
    title: 'The app is not an edge endpoint’s',
    act: 'There is nothing to adopt.',
  },
  'token-missing': {
    status: 401,
    title: 'The call shows no token',
    act: 'Send `Authorization: Bearer TOKEN`; `ballast token create` makes one.',
  },
  'token-unknown': {
    status: 401,
    title: 'The token is not good',
    act: 'Look whether it is in the access file, whole, and not past its time.',
  },
  'role-missing': {
    status: 403,
    title: 'The caller’s role does not allow this',
    act: 'Ask who keeps the access file for the role.',
  },
  'out-of-scope': {
    status: 403,
    title: 'The caller’s role is narrowed to other apps, clusters or edges',
    act: 'Name an app and a cluster of the scope, or ask who keeps the access file.',
  },
  'jobs-not-allowed': {
    status: 403,
    title: 'Jobs may not write this in that cluster',
    act: 'Name the namespace in clusters[].jobs.namespaces; for Secrets say jobs.secrets: true.',
  },
  'page-refused': {
    status: 403,
    title: 'A page of another place may not call',
    act: 'Open the page at the address that the API listens at, or call with a token.',
  },
  'too-many-tries': {
    status: 429,
    title: 'Too many calls from there had no good token',
    act: 'Wait as long as Retry-After says.',
  },
  'access-unavailable': {
    status: 503,
    title: 'Whoever would vouch for the token does not answer',
    act: 'Look after the named issuer or cluster; tokens of the access file go on working.',
  },
  'events-full': {
    status: 503,
    title: 'Too many event streams are open',
    act: 'Close some, or ask another controller.',
  },
  'changed-meanwhile': {
    status: 412,
    title: 'What stands is not what If-Match names',
    act: 'Read it again, look whether the change still fits, and send it with the new ETag.',
  },
  'key-reused': {
    status: 422,
    title: 'Another call was made under this Idempotency-Key',
    act: 'Take a new key for each call; repeat a call with the same key and body.',
  },
  'key-pending': {
    status: 409,
    title: 'The first call under this Idempotency-Key has no answer yet',
    act: 'Ask again in a second; where it stays so, look at what stands before you take another key.',
  },
  'job-unknown': {
    status: 404,
    title: 'No such job',
    act: 'List the jobs at /api/v1/jobs.',
  },
  'job-unfit': {
    status: 409,
    title: 'The job is at something else',
    act: 'Look at the job’s state, and say what fits it.',
  },
  'app-locked': {
    status: 409,
    title: 'Another job has the app',
    act: 'Wait until that job is at its end, or abort it.',
  },
  'debt-unknown': {
    status: 404,
    title: 'No such debt',
    act: 'List the debts at /api/v1/migrations/debts.',
  },
  'plan-invalid': {
    status: 422,
    title: 'The plan cannot be carried out',
    act: 'Correct what is named; `ballast fanout plan` or `ballast migration plan` shows the same without writing anything.',
  },
  'plan-moved': {
    status: 409,
    title: 'The world is not the one that the plan was made for',
    act: 'Plan again, look at what is another, and apply the new plan.',
  },
  'redis-unavailable': {
    status: 503,
    title: 'Redis does not answer',
    act: 'Edges serve on with their last weights; bring Redis back.',
  },
  'lost-term': {
    status: 503,
    title: 'This controller no longer leads',
    act: 'Ask again: a leader takes a new term within seconds.',
  },
  'word-lost': {
    status: 503,
    title: 'It was written, and Redis has lost it',
    act: 'Say it again: no edge had it yet when Redis failed over or was set back.',
  },
  'not-leader': {
    status: 503,
    title: 'This controller does not lead',
    act: 'Ask the controller that leads, or this one again in a second.',
  },
  'not-ready': {
    status: 503,
    title: 'Not ready yet',
    act: 'Wait until Redis was read and every cluster was listed or timed out.',
  },
  internal: {
    status: 500,
    title: 'An error that Ballast did not expect',
    act: 'Report it with the request id and the log line.',
  },
} as const satisfies Record<string, ErrorEntry>;
