// 错误代码的标题与处理办法。A code of the table that is missing here does not compile.

import type { ErrorCode } from '../../errors.ts';

export interface ErrorWords {
  readonly title: string;
  readonly act: string;
}

export const zhErrors: Readonly<Record<ErrorCode, ErrorWords>> = {
  'config-invalid': { title: '配置有误', act: '请修正所指文件和行中的键。' },
  'config-unreadable': { title: '无法读取配置文件', act: '请检查所指文件的路径和权限。' },
  'request-invalid': { title: '请求无效', act: '请修正所指字段。' },
  'body-too-large': { title: '请求体过大', act: '请一次少发送一些。' },
  'body-not-json': {
    title: '不接受这种类型的请求体',
    act: '请发送 JSON 并注明：`content-type: application/json`。',
  },
  'app-unknown': { title: '没有此应用', act: '应用列表见 /api/v1/apps。' },
  'cluster-unknown': { title: '没有此集群', act: '集群列表见 /api/v1/clusters。' },
  'edge-unknown': { title: '没有此边缘节点', act: '边缘节点列表见 /api/v1/edges。' },
  'edge-configured': {
    title: '此边缘节点仍在配置中',
    act: '请在每个控制器的 `edges` 中删去它，然后重启控制器。',
  },
  'edge-alive': { title: '此边缘节点仍在上报', act: '请先停止它，待其静默数秒后再试。' },
  'upstream-unknown': {
    title: '此应用没有已发布的上游',
    act: '原因见 /api/v1/apps/{app}。',
  },
  'page-missing': {
    title: '页面尚未构建',
    act: '请运行 `npm start`，或运行 `node deploy/setup.mjs` 来构建。',
  },
  'not-found': { title: '没有此资源', act: '路由列表见 README。' },
  'method-not-allowed': { title: '此资源不接受该方法', act: '请使用 Allow 头所列的方法。' },
  'would-empty': {
    title: '应用将失去最后一个服务地址',
    act: '请先恢复一个服务地址，或在保持中注明 allowEmpty。',
  },
  'too-few-clusters': {
    title: '服务此应用的集群将少于保护规则的下限',
    act: '请先恢复一个集群，在保持中注明 allowEmpty，或调低下限。',
  },
  'too-few-servers': {
    title: '服务此应用的地址将少于保护规则的下限',
    act: '请先恢复一个服务地址，在保持中注明 allowEmpty，或调低下限。',
  },
  'owned-by-endpoint': {
    title: '此应用由边缘端点管理',
    act: '请接管此应用，或将其从配置中删去。',
  },
  'hold-unknown': { title: '没有此保持', act: '保持列表见 /api/v1/holds。' },
  'hold-exists': { title: '已有相同 id 的保持', act: '请不要指定 id，或先结束原有的保持。' },
  'hold-of-job': { title: '此保持属于某个任务', act: '请中止该任务，它会自行结束其保持。' },
  'holds-full': { title: '保持数量已满', act: '请结束不再需要的保持。' },
  'holds-unreadable': {
    title: '无法读取现有的保持',
    act: '恢复可读之前不会写入任何变更。请运行写入它的版本，或修复 Redis 中的 `_holds`。',
  },
  'version-unknown': {
    title: '历史中没有此应用的这个版本',
    act: '保留的版本见 /api/v1/history?app=。',
  },
  'revert-gone': {
    title: '该版本中的服务地址已不存在',
    act: '请恢复所指集群，或固定您需要的权重。',
  },
  'revert-held': { title: '此应用有更强的保持', act: '请在 lift 中指明它，或先结束它。' },
  'edges-differ': {
    title: '名单与此处已知的边缘不一致',
    act: '启动或配置没有消息的边缘，停用已经不在的，并写出其余全部。',
  },
  'confirm-missing': { title: '删除未经确认', act: '请在 ?confirm= 中写明要删除的名称。' },
  'still-named': {
    title: '配置或集群中仍有此名称',
    act: '请先在那里删去；由边缘端点管理的应用请先接管。',
  },
  'still-serving': {
    title: '此集群的服务地址仍在接收请求',
    act: '请先排空此集群，并等待所有边缘节点确认。',
  },
  'not-adoptable': { title: '此应用不由边缘端点管理', act: '无需接管。' },
  'token-missing': {
    title: '请求没有令牌',
    act: '请发送 `Authorization: Bearer TOKEN`；令牌由 `ballast token create` 生成。',
  },
  'token-unknown': {
    title: '令牌无效',
    act: '请检查令牌是否完整、是否在访问文件中、是否已过期。',
  },
  'role-missing': { title: '调用者的角色不允许此操作', act: '请向访问文件的维护者申请角色。' },
  'out-of-scope': {
    title: '调用者的角色仅限于其他应用、集群或边缘节点',
    act: '请指明权限范围内的应用和集群，或联系访问文件的维护者。',
  },
  'jobs-not-allowed': {
    title: '任务不得在该集群写入此内容',
    act: '请在 clusters[].jobs.namespaces 中列出该命名空间；Secret 需注明 jobs.secrets: true。',
  },
  'page-refused': {
    title: '不接受来自其他站点页面的调用',
    act: '请在 API 监听的地址打开页面，或使用令牌调用。',
  },
  'too-many-tries': {
    title: '该来源的无效令牌调用过多',
    act: '请等待 Retry-After 所示的时间。',
  },
  'access-unavailable': {
    title: '令牌的签发方没有响应',
    act: '请检查所指的签发方或集群；访问文件中的令牌仍然有效。',
  },
  'events-full': { title: '打开的事件流过多', act: '请关闭一些，或改用其他控制器。' },
  'changed-meanwhile': {
    title: '现状与 If-Match 所指的不同',
    act: '请重新读取，确认变更仍然合适，再用新的 ETag 发送。',
  },
  'key-reused': {
    title: '此 Idempotency-Key 已用于另一个调用',
    act: '每个调用请用新的键；重复调用请用相同的键和请求体。',
  },
  'key-pending': {
    title: '此 Idempotency-Key 的首次调用尚无结果',
    act: '请一秒后再问；若一直如此，请先查看现状，再换新的键。',
  },
  'job-unknown': { title: '没有此任务', act: '任务列表见 /api/v1/jobs。' },
  'job-unfit': { title: '任务当前的状态不允许此操作', act: '请查看任务状态，再选择合适的操作。' },
  'app-locked': { title: '另一个任务占用着此应用', act: '请等待该任务结束，或中止它。' },
  'plan-invalid': {
    title: '计划无法执行',
    act: '请修正所指内容；`ballast fanout plan` 或 `ballast migration plan` 会显示同样的内容而不写入。',
  },
  'plan-moved': {
    title: '现状已与制定计划时不同',
    act: '请重新制定计划，查看差异，再执行新的计划。',
  },
  'redis-unavailable': {
    title: 'Redis 没有响应',
    act: '边缘节点继续使用最后的权重；请恢复 Redis。',
  },
  'lost-term': { title: '此控制器不再是主节点', act: '请重试：数秒内会有主节点开始新任期。' },
  'word-lost': {
    title: '已写入，但 Redis 丢失了它',
    act: '请重新执行：Redis 故障切换或回退时，还没有边缘节点收到它。',
  },
  'not-leader': { title: '此控制器不是主节点', act: '请访问主节点，或一秒后再试。' },
  'not-ready': {
    title: '尚未就绪',
    act: '请等待读取 Redis，并等待每个集群完成列举或超时。',
  },
  internal: { title: 'Ballast 出现意外错误', act: '请附上请求 id 和日志行进行报告。' },
  'hold-of-debt': {
    title: '此保持属于一笔欠账',
    act: '请了结该欠账：`ballast migration debts` 列出迁移在那里还须删除的对象。',
  },
  'debt-unknown': { title: '没有此欠账', act: '欠账列表见 /api/v1/migrations/debts。' },
};
