// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A recipient that refuses native coins: a transfer to it is mined with status 0 and burns its fee.
contract RefusingReceiver {
    error Refused(uint256 value);

    receive() external payable {
        revert Refused(msg.value);
    }
}
