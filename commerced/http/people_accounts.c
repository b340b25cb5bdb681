/* Accounts as the shop's people see them. */
#include <stdlib.h>

#include "commerced/http/call.h"
#include "commerced/http/handlers.h"
#include "commerced/http/shape.h"
#include "commerced/shop/reset.h"
#include "common/secret.h"

struct reset_issue {
	struct call call;		/* first */
	struct uuid account;
	struct reset_code out;
};

static void
reset_issue_release(void *state)
{
	secret_wipe(state, sizeof(struct reset_issue));
	free(state);
}

static enum err
reset_issue_run(struct shop_transaction *tx, struct shop_job *job)
{
	struct reset_issue *issue = (struct reset_issue *)job;

	return reset_code_issue(tx, &issue->account, &issue->out);
}

static void
reset_issue_answer(struct http_request *request, void *application)
{
	const struct reset_issue *issue = http_request_state(request);
	enum err e = issue->call.job.result;

	(void)application;
	if (e == ERR_OK)
		http_reply_json(request, 201, json_pack("{s:s, s:o}",
		    "code", issue->out.code,
		    "expires_at", shape_time_ms(issue->out.expires_ms)));
	else
		call_reply_error(request, e);
}

void
handle_issue_reset_code(struct http_request *request, void *application)
{
	struct reset_issue *issue;
	struct uuid account;

	call_forbid_caching(request);
	if (!call_path_id(request, "account", &account))
		return;
	issue = calloc(1, sizeof(*issue));
	if (issue == NULL) {
		call_reply_error(request, ERR_NO_MEMORY);
		return;
	}
	http_request_set_state(request, issue, reset_issue_release);
	issue->call.job.run = reset_issue_run;
	issue->account = account;
	call_submit(&issue->call, application, request, reset_issue_answer);
}
