import { buildPlan, explainMembership, isMember } from '@tessera/audience';
import type { MembershipExplanation, SegmentationEngine, UserReader, UserView } from '@tessera/audience';
import { formatInstant } from '@tessera/tag-catalog';
import type { Guid, LocatedError } from '@tessera/tag-catalog';
import { expressionProblem, invalidRequest } from '../problem/http-problem';
import type { Moment, Question, QuestionReader, ReadOptions } from '../segmentation/question';
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
  readonly dataVersion: number;
}

export interface BatchEvaluation {
  /** In the order asked for; null: not known. */
  readonly users: readonly ({ readonly cuid: string; readonly results: readonly EvaluationResult[] } | null)[];
  readonly asOf: string;
  readonly dataVersion: number;
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
    const view = this.desk.find(cuid);
    return {
      results: asked.map((each) => this.#judge(each, view, request.why ?? false)),
      asOf: formatInstant(moment.asOfMs),
      dataVersion: this.users.dataVersion,
    };
  }

  /** As `evaluate` for up to 1,000 users; unknown ones are null. */
  async evaluateMany(request: EvaluateBatchRequest): Promise<BatchEvaluation> {
    const cuids = this.desk.checkCuids(request.cuids);
    const { moment, asked } = await this.#read(request);
    const answered =
      request.why === true ? await this.#explainMany(cuids, asked) : await this.#containMany(cuids, asked);
    return { ...answered, asOf: formatInstant(moment.asOfMs) };
  }

  /** One user after the other, letting other requests in between: reasons take their time. */
  async #explainMany(
    cuids: readonly string[],
    asked: readonly NamedQuestion[],
  ): Promise<Omit<BatchEvaluation, 'asOf'>> {
    const users: BatchEvaluation['users'][number][] = [];
    for (const cuid of cuids) {
      const view = this.users.user(cuid);
      users.push(view === undefined ? null : { cuid, results: asked.map((each) => this.#judge(each, view, true)) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { users, dataVersion: this.users.dataVersion };
  }

  /** All users of one question in one call of the engine. */
  async #containMany(
    cuids: readonly string[],
    asked: readonly NamedQuestion[],
  ): Promise<Omit<BatchEvaluation, 'asOf'>> {
    const known = cuids.map((cuid) => {
      // A number alone makes nobody known: that takes an applied message.
      const guid = this.users.guidOf(cuid);
      const isKnown = guid !== undefined && this.users.cuidOf(guid) !== undefined;
      return { cuid, guid: isKnown ? guid : undefined, results: new Array<EvaluationResult>() };
    });
    const guids = known.flatMap(({ guid }): Guid[] => (guid === undefined ? [] : [guid]));
    let { dataVersion } = this.users;
    for (const { audience, question } of asked) {
      const answer = await this.engine.contains(question.plan.root, guids);
      dataVersion = answer.dataVersion;
      let at = 0;
      for (const user of known) {
        if (user.guid === undefined) continue;
        const member = answer.members[at++] ?? false;
        user.results.push(audience === null ? { member } : { audience, member });
      }
    }
    return {
      users: known.map(({ cuid, guid, results }) => (guid === undefined ? null : { cuid, results })),
      dataVersion,
    };
  }

  #judge({ audience, question }: NamedQuestion, view: UserView, why: boolean): EvaluationResult {
    const member = isMember(question.plan.root, view);
    return {
      ...(audience === null ? {} : { audience }),
      member,
      ...(why ? { why: this.#explain(question, view) } : {}),
    };
  }

  #explain(question: Question, view: UserView): MembershipExplanation {
    return explainMembership({
      expression: question.expression,
      asOfMs: question.asOfMs,
      view,
      buildPlan,
      wallClockMs: this.clock(),
    });
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
