/* Every handler that the route table names; each answers exactly as
 * docs/api/openapi.yaml says for its method and path.
 */
#ifndef COMMERCED_HTTP_HANDLERS_H
#define COMMERCED_HTTP_HANDLERS_H

#include "common/http_server.h"

/* catalogue.c */
http_handler handle_get_shop;
http_handler handle_list_items;
http_handler handle_get_facets;
http_handler handle_get_item;

/* sign_in.c */
http_handler handle_register;
http_handler handle_sign_in;

/* account_change.c */
http_handler handle_change_account;
http_handler handle_reset_password;

/* account_end.c */
http_handler handle_export_account;
http_handler handle_delete_account;

/* accounts.c */
http_handler handle_get_account;
http_handler handle_list_sessions;
http_handler handle_end_session;
http_handler handle_end_this_session;

/* codes.c */
http_handler handle_redeem_code;
http_handler handle_issue_codes;

/* claims.c */
http_handler handle_claim;
http_handler handle_fulfil;

/* people_refunds.c */
http_handler handle_refund_purchase;

/* people_reports.c */
http_handler handle_list_all_purchases;
http_handler handle_get_any_purchase;
http_handler handle_list_accounts;
http_handler handle_list_ledger;
http_handler handle_list_sales;

/* purchases.c */
http_handler handle_quote_items;
http_handler handle_buy_items;
http_handler handle_list_purchases;
http_handler handle_get_purchase;

/* library.c */
http_handler handle_list_library;
http_handler handle_issue_access;
http_handler handle_complete_file;

/* people_items.c */
http_handler handle_create_item;
http_handler handle_list_any_items;
http_handler handle_get_any_item;
http_handler handle_change_item;
http_handler handle_withdraw_item;
http_handler handle_publish_item;

/* upload.c */
http_handler handle_begin_upload;
http_piece_handler handle_upload_piece;
http_handler handle_finish_upload;

/* people_files.c */
http_handler handle_get_file;
http_handler handle_remove_file;

/* pictures.c */
http_handler handle_get_cover, handle_get_preview;
http_handler handle_get_any_cover, handle_get_any_preview;
http_handler handle_remove_cover, handle_remove_preview;

/* picture_upload.c */
http_handler handle_begin_cover, handle_begin_preview;
http_piece_handler handle_picture_piece;
http_handler handle_finish_picture;

/* people_accounts.c */
http_handler handle_issue_reset_code;

/* operator.c */
http_handler handle_ready;
http_handler handle_metrics;

#endif
