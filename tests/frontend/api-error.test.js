import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../frontend/lib/api-error.js";

const problem = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });

test("a problem keeps its code, sentence, reference and fields", async () => {
  const error = await ApiError.from(
    problem(422, {
      code: "validation_error",
      detail: "currency is unknown",
      request_id: "r-1",
      errors: [{ field: "currency", message: "unknown" }],
    }),
  );
  assert.equal(error.status, 422);
  assert.equal(error.code, "validation_error");
  assert.equal(error.detail, "currency is unknown");
  assert.equal(error.requestId, "r-1");
  assert.deepEqual(error.errors, [{ field: "currency", message: "unknown" }]);
});

test("Retry-After is kept in seconds", async () => {
  const error = await ApiError.from(problem(429, { code: "rate_limited" }, { "Retry-After": "7" }));
  assert.equal(error.retryAfterSeconds, 7);
});

test("an answer that is no problem+json still becomes an error with a code", async () => {
  for (const body of ["<h1>Bad gateway</h1>", "{", "null", '"text"']) {
    for (const type of ["text/html", "application/json"]) {
      const error = await ApiError.from(
        new Response(body, { status: 502, headers: { "Content-Type": type, "X-Request-Id": "r-2" } }),
      );
      assert.equal(error.code, "bad_response");
      assert.equal(error.requestId, "r-2");
    }
  }
});

test("only an answer that will not change is final", () => {
  const isFinal = (status, retryAfterSeconds = null) =>
    new ApiError({ code: "x", status, retryAfterSeconds }).isFinal;
  for (const status of [400, 402, 403, 404, 409, 422]) assert.equal(isFinal(status), true);
  for (const status of [0, 401, 429, 500, 502, 503]) assert.equal(isFinal(status), false);
  assert.equal(isFinal(409, 1), false);
  assert.equal(new ApiError({ code: "stripe_error", status: 502 }).isFinal, true);
});
