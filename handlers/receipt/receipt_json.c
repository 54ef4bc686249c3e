#include "handlers/receipt/receipt.h"

#include "gateway/base/ids.h"
#include "gateway/base/time.h"

bool receipt_members(const struct receipt *receipt, struct buffer *json)
{
    char transmission[UUID_TEXT_SIZE], message[UUID_TEXT_SIZE], time[TIME_TEXT_SIZE];

    uuid_format(&receipt->transmission_id, transmission);
    uuid_format(&receipt->message_uuid, message);
    time_format(receipt->time, time);
    return buffer_format(json, "\"transmissionId\":\"%s\",\"messageUUID\":\"%s\"", transmission, message)
           && buffer_add_member(json, "messageId", receipt->message_id)
           && buffer_add_member(json, "errorCode", receipt->error_code)
           && buffer_add_member(json, "errorMessage", receipt->error_message)
           && buffer_format(json, ",\"timeStamp\":\"%s\",\"receiptStatus\":\"%s\"", time,
                            receipt_status_name(receipt->status));
}

bool receipt_object(const struct receipt *receipt, struct buffer *json)
{
    return buffer_add_text(json, "{") && receipt_members(receipt, json) && buffer_add_text(json, "}");
}
