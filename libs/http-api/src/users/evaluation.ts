import {
  allWants,
  buildPlan,
  explainMembership,
  isMember,
  needsTagsOnly,
  wantsOfExpression,
  wantsOfPlan,
} from '@tessera/audience';
import type { DataVersion, MembershipExplanation, SegmentationEngine, UserReader, UserView } from '@tessera/audience';
import { formatInstant } from '@tessera/tag-catalog';
import type { Guid, LocatedError } from '@tessera/tag-catalog';
import { expressionProblem, invalidRequest, notConfigured } from '../problem/http-problem';
import type { Moment, Question, QuestionReader, ReadOptions } from '../segmentation/question';
import { unknownUser } from './user-desk';
import type { UserDesk } from './user-desk';

export interface EvaluateRequest extends ReadOptions {
  readonly expression?: unknown;
  readonly audiences?: readonly string[];
  readonly why?: boolean;
}

export interface EvaluateBatchRequest extends EvaluateRequest {
  readonly cuids: readonly unknown[];
}

export interface EvaluationResult {
  readonly audience?: string;
  readonly member: boolean;
  readonly why?: MembershipExplanation;
}

export interface Evaluation {
  readonly results: readonly EvaluationResult[];
  readonly asOf: string;
  readonly dataVersion: DataVersion;
}

export interface BatchEvaluation {
  /** In the order asked for; null: not known. */
  readonly users: readonly ({ readonly cuid: string; readonly results: readonly EvaluationResult[] } | null)[];
  readonly asOf: string;
  readonly dataVersion: DataVersion;
}

/** What was found out of all users asked for; null: not known. */
type Answered = Omit<BatchEvaluation, 'asOf'>;

/** Of one question: one verdict a user, in order. */
interface FarVerdicts {
  readonly members: readonly boolean[];
  readonly dataVersion: DataVersion;
}

interface NamedQuestion {
  readonly audience: string | null;
  readonly question: Question;
}

/** Says of single users whether they belong to an expression or to audiences, and why. */
export class Evaluator {
  constructor(
    private readonly questions: QuestionReader,
    private readonly users: UserReader,
    private readonly desk: UserDesk,
    private readonly engine: SegmentationEngine,
    private readonly clock: () => number,
  ) {}

  /** @throws HttpProblem 404 for an unknown user, audience or name; 400. */
  async evaluate(cuid: string, request: EvaluateRequest): Promise<Evaluation> {
    this.desk.checkCuid(cuid, '/cuid');
    const { moment, asked } = await this.#read(request);
    const { users, dataVersion } =
      request.why === true ? await this.#explain([cuid], asked) : await this.#judge([cuid], asked);
    const [user] = users;
    if (user === null || user === undefined) throw unknownUser(cuid);
    return { results: user.results, asOf: formatInstant(moment.asOfMs), dataVersion };
  }

  /** As `evaluate` for up to 1,000 users; unknown ones are null. */
  async evaluateMany(request: EvaluateBatchRequest): Promise<BatchEvaluation> {
    const cuids = this.desk.checkCuids(request.cuids);
    const { moment, asked } = await this.#read(request);
    const answered = request.why === true ? await this.#explain(cuids, asked) : await this.#judge(cuids, asked);
    return { ...answered, asOf: formatInstant(moment.asOfMs) };
  }

  /** One user after the other, letting other requests in between: reasons take their time. */
  async #explain(cuids: readonly string[], asked: readonly NamedQuestion[]): Promise<Answered> {
    const wants = allWants(asked.map(({ question }) => wantsOfExpression(question.expression)));
    if (this.users.rows === 'absent' && !needsTagsOnly(wants))
      throw notConfigured('Explaining a rule about more than tags');
    const { results, dataVersion } = await this.users.readInTurns(cuids, wants, (user, index) =>
      user === undefined
        ? null
        : { cuid: cuids[index] ?? '', results: asked.map((each) => this.#reasonOf(each, user)) },
    );
    return { users: results, dataVersion };
  }

  /** From what is at hand of the users where that will do, else all users of a question in one call of the engine. */
  async #judge(cuids: readonly string[], asked: readonly NamedQuestion[]): Promise<Answered> {
    const far = asked.filter((each) => !this.#isNear(each, cuids.length));
    if (far.length === 0) return this.#judgeNear(cuids, asked);
    const guids = await this.users.guidsOf(cuids);
    const verdicts = await this.#judgeFar(guids, far);
    const versions = new Set([...verdicts.values()].map(({ dataVersion }) => dataVersion));
    const nearAsked = asked.filter((each) => !far.includes(each));
    const near = nearAsked.length === 0 ? null : await this.#judgeNear(cuids, nearAsked);
    if (near !== null) versions.add(near.dataVersion);
    const users = cuids.map((cuid, index) => {
      const nearResults = near === null ? [] : near.users[index]?.results;
      if (guids[index] === undefined || nearResults === undefined) return null;
      let at = 0;
      const results = asked.map((each): EvaluationResult => {
        const verdict = verdicts.get(each);
        const found = verdict === undefined ? nearResults[at++]?.member : verdict.members[index];
        return resultOf(each, found ?? false);
      });
      return { cuid, results };
    });
    const [dataVersion = null] = versions;
    return { users, dataVersion: versions.size === 1 ? dataVersion : null };
  }

  /** Whether a question is answered from what the reader shows of users. Of many the engine knows faster, where it has all of it. */
  #isNear({ question }: NamedQuestion, users: number): boolean {
    return this.users.rows === 'near' ? users === 1 : needsTagsOnly(wantsOfPlan(question.plan.root));
  }

  async #judgeNear(cuids: readonly string[], asked: readonly NamedQuestion[]): Promise<Answered> {
    const wants = allWants(asked.map(({ question }) => wantsOfPlan(question.plan.root)));
    const { results, dataVersion } = await this.users.read(cuids, wants, (user, index) =>
      user === undefined
        ? null
        : {
            cuid: cuids[index] ?? '',
            results: asked.map((each) => resultOf(each, isMember(each.question.plan.root, user))),
          },
    );
    return { users: results, dataVersion };
  }

  /** One verdict a question and user. */
  async #judgeFar(
    guids: readonly (Guid | undefined)[],
    asked: readonly NamedQuestion[],
  ): Promise<ReadonlyMap<NamedQuestion, FarVerdicts>> {
    const known = guids.filter((guid) => guid !== undefined);
    const verdicts = new Map<NamedQuestion, FarVerdicts>();
    for (const each of asked) {
      const { members, dataVersion } = await this.engine.contains(each.question.plan.root, known);
      let at = 0;
      verdicts.set(each, { members: guids.map((guid) => guid !== undefined && members[at++] === true), dataVersion });
    }
    return verdicts;
  }

  #reasonOf(asked: NamedQuestion, view: UserView): EvaluationResult {
    const { expression, asOfMs } = asked.question;
    const why = explainMembership({ expression, asOfMs, view, buildPlan, wallClockMs: this.clock() });
    return { ...resultOf(asked, why.member), why };
  }

  async #read(
    request: EvaluateRequest,
  ): Promise<{ readonly moment: Moment; readonly asked: readonly NamedQuestion[] }> {
    if ((request.expression === undefined) === (request.audiences === undefined)) {
      const message = 'The body needs either expression or audiences, and not both';
      throw invalidRequest('', request.expression === undefined ? 'missing' : 'ambiguous', message);
    }
    const moment = await this.questions.moment(request);
    if (request.audiences === undefined) {
      const binding = await this.questions.bind(request.expression, request.params, moment);
      if (!binding.ok) throw expressionProblem(binding.errors);
      return { moment, asked: [{ audience: null, question: binding.question }] };
    }
    const asked: NamedQuestion[] = [];
    const errors: LocatedError[] = [];
    for (const [index, audience] of request.audiences.entries()) {
      const binding = await this.questions.bind({ audience }, request.params, moment);
      if (binding.ok) asked.push({ audience, question: binding.question });
      else errors.push(...binding.errors.map((error) => ({ ...error, path: `/audiences/${index}` })));
    }
    if (errors.length > 0) throw expressionProblem(errors);
    return { moment, asked };
  }
}

function resultOf({ audience }: NamedQuestion, member: boolean): EvaluationResult {
  return audience === null ? { member } : { audience, member };
}
