/* Everything that is held about a person, as JSON. */
#include "commerced/http/shape.h"

/* As the numbers of entitlement.source and transfer.kind say. */
static const char *const person_sources[] = { "", "purchase", "gift",
	"fulfilment" };
static const char *const person_transfers[] = { "", "gift-code", "sale",
	"refund", "forfeit" };

static const char *
person_word(const char *const *words, size_t count, int64_t number)
{
	return number > 0 && (uint64_t)number < count ? words[number] :
	    "other";
}
#define PERSON_WORD(words, number) \
	person_word(words, sizeof(words) / sizeof(words[0]), number)

static json_t *
shape_person_sessions(const struct person *person)
{
	json_t *array = json_array();

	for (size_t i = 0; i < person->session_count; i++) {
		const struct session *session = &person->sessions[i];

		if (json_array_append_new(array, json_pack(
		    "{s:o, s:o, s:o, s:o}",
		    "id", shape_uuid(&session->id),
		    "created_at", shape_time_ms(session->created_ms),
		    "used_at", shape_time_ms(session->used_ms),
		    "expires_at", shape_time_ms(session->expires_ms))) != 0)
			goto fail;
	}
	return array;
fail:
	json_decref(array);
	return NULL;
}

static json_t *
shape_person_owned(const struct person *person)
{
	json_t *array = json_array();

	for (size_t i = 0; i < person->owned_count; i++) {
		const struct owned_item *owned = &person->owned[i];

		if (json_array_append_new(array, json_pack(
		    "{s:o, s:s, s:s, s:o}",
		    "item", shape_uuid(&owned->item),
		    "title", owned->title,
		    "source", PERSON_WORD(person_sources, owned->source),
		    "since", shape_time_ms(owned->since_ms))) != 0)
			goto fail;
	}
	return array;
fail:
	json_decref(array);
	return NULL;
}

/* Amounts with a sign: what went is negative. */
static json_t *
shape_person_transfers(const struct person *person, const char *currency)
{
	json_t *array = json_array();

	for (size_t i = 0; i < person->transfer_count; i++) {
		const struct person_transfer *t = &person->transfers[i];

		if (json_array_append_new(array, json_pack(
		    "{s:o, s:s, s:I, s:s}",
		    "at", shape_time_ms(t->at_ms),
		    "kind", PERSON_WORD(person_transfers, t->kind),
		    "amount", (json_int_t)t->amount_minor,
		    "currency", currency)) != 0)
			goto fail;
	}
	return array;
fail:
	json_decref(array);
	return NULL;
}

static json_t *
shape_person_claims(const struct person *person)
{
	json_t *array = json_array();

	for (size_t i = 0; i < person->claim_count; i++) {
		const struct person_claim *claim = &person->claims[i];

		if (json_array_append_new(array, json_pack(
		    "{s:s, s:s?, s:o}",
		    "source", PERSON_WORD(person_sources, claim->source),
		    "reference", claim->reference,
		    "at", shape_time_ms(claim->claimed_ms))) != 0)
			goto fail;
	}
	return array;
fail:
	json_decref(array);
	return NULL;
}

static json_t *
shape_person_refunds(const struct person *person, const char *currency)
{
	json_t *array = json_array();

	for (size_t i = 0; i < person->refund_count; i++) {
		const struct person_refund *refund = &person->refunds[i];

		if (json_array_append_new(array, json_pack(
		    "{s:I, s:o, s:s, s:o}",
		    "number", (json_int_t)refund->purchase,
		    "amount", shape_money(currency, refund->amount_minor),
		    "reason", refund->reason,
		    "at", shape_time_ms(refund->at_ms))) != 0)
			goto fail;
	}
	return array;
fail:
	json_decref(array);
	return NULL;
}

static json_t *
shape_person_keys(const struct person *person)
{
	json_t *array = json_array();

	for (size_t i = 0; i < person->key_count; i++)
		if (json_array_append_new(array,
		    json_string(person->keys[i])) != 0)
			goto fail;
	return array;
fail:
	json_decref(array);
	return NULL;
}

static json_t *
shape_person_purchases(const struct person *person, const char *currency)
{
	json_t *array = json_array();

	for (size_t i = 0; i < person->purchases.count; i++)
		if (json_array_append_new(array, shape_purchase(
		    &person->purchases.purchases[i], currency, NULL)) != 0)
			goto fail;
	return array;
fail:
	json_decref(array);
	return NULL;
}

/* The files of the library alone: there is no page to follow. */
static json_t *
shape_person_library(const struct person *person)
{
	json_t *page = shape_library(&person->library);
	json_t *items = json_incref(json_object_get(page, "items"));

	json_decref(page);
	return items;
}

json_t *
shape_person(const struct person *person, const char *currency)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:o}",
	    "account", shape_account(&person->account, currency),
	    "password_reset_until", person->reset_expires_ms == 0 ?
	    json_null() : shape_time_ms(person->reset_expires_ms),
	    "sessions", shape_person_sessions(person),
	    "purchases", shape_person_purchases(person, currency),
	    "refunds", shape_person_refunds(person, currency),
	    "claims", shape_person_claims(person),
	    "idempotency_keys", shape_person_keys(person),
	    "owned", shape_person_owned(person),
	    "library", shape_person_library(person),
	    "ledger", shape_person_transfers(person, currency));
}
